/** A self-signed certificate for 127.0.0.1, for test servers. */
import { generateKeyPairSync, sign } from "node:crypto";

/** Tags of DER, the encoding of certificates (ITU-T X.690). */
const [INTEGER, BITS, OBJECT, TEXT, TIME, SEQUENCE, SET] = [0x02, 0x03, 0x06, 0x0c, 0x17, 0x30, 0x31];

function der(tag: number, ...parts: readonly Uint8Array[]): Buffer {
  const content = Buffer.concat(parts);
  const { length } = content;
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 255];
  return Buffer.concat([Buffer.from([tag, ...size]), content]);
}

/** X.509, version 1 (RFC 5280, section 4.1), valid for ten years from 2026. */
export function selfSigned(): { readonly key: string; readonly cert: string } {
  const { privateKey, publicKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const ecdsaWithSha256 = der(SEQUENCE, der(OBJECT, Buffer.from("2a8648ce3d040302", "hex")));
  const commonName = der(SEQUENCE, der(OBJECT, Buffer.from("550403", "hex")), der(TEXT, Buffer.from("127.0.0.1")));
  const name = der(SEQUENCE, der(SET, commonName));
  const validity = der(SEQUENCE, ...["260101000000Z", "360101000000Z"].map((time) => der(TIME, Buffer.from(time))));
  const certificate = der(
    SEQUENCE,
    ...[der(INTEGER, Buffer.from([1])), ecdsaWithSha256, name, validity, name],
    publicKey.export({ type: "spki", format: "der" }),
  );
  const signature = der(BITS, Buffer.from([0]), sign("sha256", certificate, privateKey));
  const whole = der(SEQUENCE, certificate, ecdsaWithSha256, signature).toString("base64");
  return {
    key: privateKey.export({ type: "pkcs8", format: "pem" }) as string,
    cert: `-----BEGIN CERTIFICATE-----\n${whole}\n-----END CERTIFICATE-----\n`,
  };
}
