import { registerRows } from "xpikeformer/rtl";

/** The registers of the machine behind AXI. */
export const RegisterMap = () => (
  <table>
    <thead>
      <tr>
        {["Offset", "Register", "Access", "What it holds"].map((name) => (
          <th scope="col" key={name}>
            {name}
          </th>
        ))}
      </tr>
    </thead>
    <tbody>
      {registerRows().map(({ name, offset, access, meaning, fields }) => (
        <tr key={name} data-register={name}>
          <td>{offset}</td>
          <th scope="row">
            <code>{name}</code>
          </th>
          <td>{access}</td>
          <td>
            {meaning.replaceAll("`", "")}
            {fields.map(({ name, bit, meaning }) => (
              <span key={bit} class="quiet">
                bit {bit}, <code>{name}</code>: {meaning}
              </span>
            ))}
          </td>
        </tr>
      ))}
    </tbody>
  </table>
);
