// Names of kernel settings as sysctl(8) writes them: the dots of a VLAN's interface become slashes there.

export function sysctlDevice(device: string): string {
  return device.replaceAll('.', '/');
}

/** Below /proc/sys. */
export function sysctlPath(name: string): string {
  return name.replaceAll(/[./]/g, (sign) => (sign === '.' ? '/' : '.'));
}
