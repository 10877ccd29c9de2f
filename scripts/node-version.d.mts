export function refuseOldNode(version: string, range: string): boolean;
