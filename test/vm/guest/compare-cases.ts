// Configurations beside the commands, and keepalived files, that must mean the same.

export interface CommandCase {
  readonly name: string;
  readonly yaml: string;
  /** As `ipvsadm -R` reads them. */
  readonly rules: string;
}

export interface KeepalivedCase {
  readonly name: string;
  readonly config: string;
}

const HEAD = `version: 1
node: { name: lb, role: single }
network: { frontend: { interface: lb0 } }
engine: ipvs
`;

export const COMMANDS: readonly CommandCase[] = [
  {
    name: 'three modes',
    yaml: `${HEAD}
listeners:
  - name: nat
    vip: 192.0.2.10
    port: 80
    mode: nat
    scheduler: wlc
    members: [{ address: 10.0.0.11, port: 8080, weight: 100 }, { address: 10.0.0.12, port: 8080, weight: 0 }]
  - name: dr
    vip: 192.0.2.10
    port: 443
    mode: dr
    scheduler: rr
    members: [{ address: 10.0.0.11, weight: 1 }]
  - name: tunnel
    vip: 192.0.2.11
    port: 53
    protocol: udp
    mode: tunnel
    scheduler: wrr
    members: [{ address: 10.0.0.11, weight: 65535 }]
`,
    rules: `
-A -t 192.0.2.10:80 -s wlc
-a -t 192.0.2.10:80 -r 10.0.0.11:8080 -m -w 100
-a -t 192.0.2.10:80 -r 10.0.0.12:8080 -m -w 0
-A -t 192.0.2.10:443 -s rr
-a -t 192.0.2.10:443 -r 10.0.0.11:443 -g -w 1
-A -u 192.0.2.11:53 -s wrr
-a -u 192.0.2.11:53 -r 10.0.0.11:53 -i -w 65535
`,
  },
  {
    name: 'tunnels of every type',
    yaml: `${HEAD}
mode: tunnel
listeners:
  - { name: a, vip: 192.0.2.10, port: 80, scheduler: rr, tunnel: { type: gue, port: 6080, checksum: full }, members: [{ address: 10.0.0.11 }] }
  - { name: b, vip: 192.0.2.10, port: 81, scheduler: rr, tunnel: { type: gre, checksum: none }, members: [{ address: 10.0.0.11 }] }
  - { name: c, vip: 192.0.2.10, port: 82, scheduler: rr, tunnel: { type: gue, port: 6081, checksum: remote }, members: [{ address: 10.0.0.11 }] }
`,
    rules: `
-A -t 192.0.2.10:80 -s rr
-a -t 192.0.2.10:80 -r 10.0.0.11:80 -i -w 1 --tun-type gue --tun-port 6080 --tun-csum
-A -t 192.0.2.10:81 -s rr
-a -t 192.0.2.10:81 -r 10.0.0.11:81 -i -w 1 --tun-type gre --tun-nocsum
-A -t 192.0.2.10:82 -s rr
-a -t 192.0.2.10:82 -r 10.0.0.11:82 -i -w 1 --tun-type gue --tun-port 6081 --tun-remcsum
`,
  },
  {
    name: 'IPv6, SCTP and a mark',
    yaml: `${HEAD}
mode: dr
listeners:
  - { name: six, vip: "2001:db8::10", port: 80, scheduler: wlc, members: [{ address: "2001:db8:1::11", weight: 3 }] }
  - { name: sctp, vip: 192.0.2.10, port: 5060, protocol: sctp, scheduler: rr, members: [{ address: 10.0.0.11 }] }
  - { name: marked, mark: 7, mark_family: 4, scheduler: lc, members: [{ address: 10.0.0.11 }] }
  - { name: marked6, mark: 7, mark_family: 6, scheduler: lc, members: [{ address: "2001:db8:1::11" }] }
`,
    rules: `
-A -t [2001:db8::10]:80 -s wlc
-a -t [2001:db8::10]:80 -r [2001:db8:1::11]:80 -g -w 3
-A --sctp-service 192.0.2.10:5060 -s rr
-a --sctp-service 192.0.2.10:5060 -r 10.0.0.11:5060 -g -w 1
-A -f 7 -s lc
-a -f 7 -r 10.0.0.11:0 -g -w 1
-A -f 7 -6 -s lc
-a -f 7 -6 -r [2001:db8:1::11]:0 -g -w 1
`,
  },
  {
    name: 'persistence and flags',
    yaml: `${HEAD}
mode: dr
listeners:
  - { name: a, vip: 192.0.2.10, port: 80, scheduler: wrr, persistence: { type: source, timeout: 10m, granularity: 24 }, members: [{ address: 10.0.0.11 }] }
  - { name: b, vip: 192.0.2.10, port: 81, scheduler: { name: sh, flags: [port, fallback] }, members: [{ address: 10.0.0.11 }] }
  - { name: c, vip: 192.0.2.10, port: 82, scheduler: { name: mh, flags: [port] }, members: [{ address: 10.0.0.11 }] }
  - { name: d, vip: 192.0.2.10, port: 53, protocol: udp, scheduler: { name: rr, flags: [one-packet] }, members: [{ address: 10.0.0.11 }] }
  - { name: e, vip: 192.0.2.10, port: 5060, protocol: udp, scheduler: rr, persistence: { type: sip, timeout: 60s }, members: [{ address: 10.0.0.11 }] }
`,
    rules: `
-A -t 192.0.2.10:80 -s wrr -p 600 -M 255.255.255.0
-a -t 192.0.2.10:80 -r 10.0.0.11:80 -g -w 1
-A -t 192.0.2.10:81 -s sh -b sh-fallback,sh-port
-a -t 192.0.2.10:81 -r 10.0.0.11:81 -g -w 1
-A -t 192.0.2.10:82 -s mh -b mh-port
-a -t 192.0.2.10:82 -r 10.0.0.11:82 -g -w 1
-A -u 192.0.2.10:53 -s rr -o
-a -u 192.0.2.10:53 -r 10.0.0.11:53 -g -w 1
-A -u 192.0.2.10:5060 -s rr -p 60 --pe sip
-a -u 192.0.2.10:5060 -r 10.0.0.11:5060 -g -w 1
`,
  },
];

export const KEEPALIVED: readonly KeepalivedCase[] = [
  {
    name: 'NAT, DR and TUN with weights and thresholds',
    config: `
virtual_server 192.0.2.10 80 {
  lvs_sched wlc
  lvs_method NAT
  protocol TCP
  real_server 10.0.0.11 8080 { weight 10 }
  real_server 10.0.0.12 8080 {
    weight 20
    uthreshold 1000
    lthreshold 800
  }
}
virtual_server 192.0.2.10 443 {
  lvs_sched rr
  lvs_method DR
  protocol TCP
  persistence_timeout 600
  real_server 10.0.0.11 443 { weight 1 }
}
virtual_server 192.0.2.11 53 {
  lvs_sched wrr
  lvs_method TUN
  protocol UDP
  real_server 10.0.0.11 53 { weight 5 }
}
`,
  },
  {
    name: 'IPv6, a mark, source hashing and one-packet scheduling',
    config: `
virtual_server 2001:db8::10 80 {
  lvs_sched wlc
  lvs_method DR
  protocol TCP
  real_server 2001:db8:1::11 80 { weight 3 }
}
virtual_server fwmark 7 {
  lvs_sched rr
  lvs_method DR
  real_server 10.0.0.11 0 { weight 1 }
}
virtual_server 192.0.2.10 81 {
  lvs_sched sh
  sh-port
  sh-fallback
  lvs_method NAT
  protocol TCP
  real_server 10.0.0.11 81 { weight 1 }
}
virtual_server 192.0.2.10 53 {
  lvs_sched rr
  ops
  lvs_method NAT
  protocol UDP
  real_server 10.0.0.11 53 { weight 1 }
}
`,
  },
];
