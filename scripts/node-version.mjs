/** Refuses versions of Node that cannot run this package, in syntax that they read: for the command and for the build. */

const numbersOf = (version) => version.match(/\d+/g).map(Number);

/** Whether a version, such as 18.20.4, is older than the range of package.json, such as >=20.19, allows. */
function isOld(version, range) {
  const [major, minor] = numbersOf(version);
  const [leastMajor, leastMinor] = numbersOf(range);
  return major < leastMajor || (major === leastMajor && minor < leastMinor);
}

/** Says that Node is too old, and sets the exit code of wrong input; false, and nothing else, for a version that is not. */
export function refuseOldNode(version, range) {
  if (!isOld(version, range)) return false;
  const needed = numbersOf(range);
  process.stderr.write(
    `PlatformError at node
  This is Node ${version}, and xpikeformer needs Node ${needed.join(".")} or later. Install that from https://nodejs.org
  or with a version manager (nvm install ${needed[0]}), and run the command again.
`,
  );
  process.exitCode = 2;
  return true;
}
