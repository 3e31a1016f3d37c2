// Files that bring a real server's settings back after a reboot, in the language of whoever configures its network.
import { NFT_FILE } from './arp-table.ts';
import type { Persistence } from './real-server.ts';

export interface Lasting {
  readonly header: string;
  readonly vips: readonly string[];
  readonly devices: readonly string[];
  readonly fouPort?: number;
  readonly loadsTable: boolean;
}

interface LastingFile {
  readonly path: string;
  readonly content: string;
  readonly mode: string;
}

export interface Kept {
  readonly files: readonly LastingFile[];
  readonly links: readonly { readonly path: string; readonly target: string }[];
  readonly notes: readonly string[];
}

const UNIT = '/etc/systemd/system/lbctl-realserver.service';
const WANTS = '/etc/systemd/system/multi-user.target.wants/lbctl-realserver.service';

export function fileFor(way: Persistence, lasting: Lasting, systemd: boolean): Kept {
  switch (way) {
    case 'unit':
      return unit(setCommands(lasting, true), lasting.header);
    case 'networkd':
      return withUnit(
        { path: '/etc/systemd/network/05-lbctl-lo.network', content: networkd(lasting), mode: '0644' },
        lasting,
        systemd,
      );
    case 'networkmanager':
      return withUnit(
        {
          path: '/etc/NetworkManager/system-connections/lbctl-lo.nmconnection',
          content: networkManager(lasting),
          // NetworkManager refuses connection files that others can read.
          mode: '0600',
        },
        lasting,
        systemd,
      );
    case 'ifupdown':
      return keep({
        path: '/etc/network/interfaces.d/lbctl-realserver',
        content: ifupdown(lasting),
        mode: '0644',
      });
    case 'none':
      return { files: [], links: [], notes: [] };
  }
}

function keep(...files: readonly LastingFile[]): Kept {
  return { files, links: [], notes: [] };
}

/** Network managers set addresses; tunnels and tables need commands, which a unit of ours runs. */
function withUnit(file: LastingFile, lasting: Lasting, systemd: boolean): Kept {
  const commands = setCommands(lasting, false);
  if (commands.length === 0) return keep(file);
  if (!systemd)
    return {
      ...keep(file),
      notes: ['Tunnel devices and the ARP table are not set after a reboot: no systemd'],
    };
  const own = unit(commands, lasting.header);
  return { ...own, files: [file, ...own.files] };
}

interface SetCommand {
  readonly set: string;
  readonly unset: string;
  /** Fails where it is set already, as after a restart of the unit. */
  readonly mayFail?: boolean;
}

/** Quiet before present: the table comes first, the addresses last. */
function setCommands({ vips, devices, fouPort, loadsTable }: Lasting, addresses: boolean): SetCommand[] {
  return [
    ...(loadsTable ? [{ set: `nft -f ${NFT_FILE}`, unset: 'nft delete table arp lbctl_realserver' }] : []),
    ...(fouPort === undefined
      ? []
      : [{ set: `ip fou add port ${fouPort} gue`, unset: `ip fou del port ${fouPort} gue`, mayFail: true }]),
    ...devices.map((device) => ({
      set: `ip link set dev ${device} up`,
      unset: `ip link set dev ${device} down`,
    })),
    ...(addresses ? vips : []).map((vip) => ({
      set: `ip address replace ${withLength(vip)} dev lo`,
      unset: `ip address del ${withLength(vip)} dev lo`,
    })),
  ];
}

function unit(commands: readonly SetCommand[], header: string): Kept {
  // Before all who configure networks (network-pre.target), so that no interface answers for a VIP while the table is not there
  // yet; without the default dependencies, as networks may come up before those.
  const content = `${header}[Unit]
Description=VIPs of a real server behind lbctl
DefaultDependencies=no
After=local-fs.target systemd-modules-load.service systemd-sysctl.service
Wants=network-pre.target
Before=network-pre.target shutdown.target
Conflicts=shutdown.target

[Service]
Type=oneshot
RemainAfterExit=yes
${commands.map(({ set, mayFail }) => `ExecStart=${mayFail ? '-' : ''}${set}`).join('\n')}
${commands
  .map(({ unset }) => `ExecStop=-${unset}`)
  .reverse()
  .join('\n')}

[Install]
WantedBy=multi-user.target
`;
  return {
    files: [{ path: UNIT, content, mode: '0644' }],
    links: [{ path: WANTS, target: UNIT }],
    notes: [],
  };
}

function networkd({ header, vips }: Lasting): string {
  const addresses = vips.map((vip) => `[Address]\nAddress=${withLength(vip)}\n`);
  return `${header}[Match]\nName=lo\n\n${addresses.join('\n')}`;
}

function networkManager({ header, vips }: Lasting): string {
  const section = (name: string, own: readonly string[], local: string) =>
    `[${name}]\nmethod=manual\n${[local, ...own].map((address, index) => `address${index + 1}=${address}\n`).join('')}`;
  const four = vips.filter((vip) => !vip.includes(':')).map(withLength);
  const six = vips.filter((vip) => vip.includes(':')).map(withLength);
  return `${header}[connection]
id=lbctl-lo
type=loopback
interface-name=lo
autoconnect=true

${section('ipv4', four, '127.0.0.1/8')}
${section('ipv6', six, '::1/128')}`;
}

function ifupdown(lasting: Lasting): string {
  const commands = setCommands(lasting, true);
  const up = commands.map(({ set }) => `    up ${set} || true\n`);
  const down = commands.map(({ unset }) => `    down ${unset} || true\n`).reverse();
  return `${lasting.header}auto lo\niface lo inet loopback\n${up.join('')}${down.join('')}`;
}

function withLength(vip: string): string {
  return `${vip}/${vip.includes(':') ? 128 : 32}`;
}
