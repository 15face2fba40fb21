import type Docker from 'dockerode';

export const LABELS = { 'vdi.test': 'escape' };
export const METADATA = '169.254.169.254';
/** Of a range that nobody has (RFC 5737): public to the firewall, and here only. */
export const OUTSIDE = '203.0.113.41';

interface Networks {
  readonly name: string;
  readonly metadata: string;
  readonly outside: string;
  readonly prefix: string;
  readonly prefix6: string;
}

/** The first private range that the engine still has free. */
export async function makeNetworks(docker: Docker): Promise<Networks> {
  const [metadata, outside] = ['vdi_escape_metadata', 'vdi_escape_outside'];
  const aside = (Name: string, Subnet: string, Gateway: string) =>
    docker.createNetwork({ Name, Labels: LABELS, IPAM: { Driver: 'default', Config: [{ Subnet, Gateway }] } });
  await aside(metadata, '169.254.169.240/28', '169.254.169.241');
  await aside(outside, OUTSIDE.replace(/\d+$/, '0/24'), OUTSIDE.replace(/\d+$/, '1'));
  const name = 'vdi_escape_exam_net';
  for (let n = 220; n < 240; n++) {
    const prefix = `10.${n}.0`;
    const prefix6 = `fd00:e5c:${n}:`;
    try {
      await docker.createNetwork({
        Name: name,
        Labels: LABELS,
        EnableIPv6: true,
        IPAM: {
          Driver: 'default',
          Config: [
            { Subnet: `${prefix}.0/24`, Gateway: `${prefix}.1` },
            { Subnet: `${prefix6}:/64`, Gateway: `${prefix6}:1` },
          ],
        },
      });
      return { name, metadata, outside, prefix, prefix6 };
    } catch (error) {
      if (!/overlaps/.test(String(error))) throw error;
    }
  }
  throw new Error(
    'no free range between 10.220.0.0 and 10.239.0.0; remove networks that are not needed: docker network ls',
  );
}
