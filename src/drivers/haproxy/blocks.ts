// The texts of one listener: its frontend with its own pool, then each pool that its rules send to.
import { poolKey } from '../../model/keys.ts';
import type { WorldListener, WorldPool } from '../../model/world.ts';
import type { FilledList } from './lists.ts';
import type { Places } from './names.ts';
import type { Block, NeededFile } from './record-types.ts';
import { renderBackend } from './render/backend.ts';
import { certificateList } from './render/bind.ts';
import { isHttp, renderFrontend } from './render/frontend.ts';
import { filledLists } from './render/rules.ts';

export interface BlockTexts extends Omit<Block, 'item' | 'firstMembers' | 'lists'> {
  readonly filled: readonly FilledList[];
}

const NO_OPTIONS: WorldPool['options'] = { sendProxy: 0, maxQueue: 0, slowStartMs: 0 };

export function toBlocks(
  listener: WorldListener,
  pools: readonly WorldPool[],
  places: Places,
): readonly BlockTexts[] {
  const own = { name: listener.pool, options: listener.layer7?.poolOptions ?? NO_OPTIONS };
  const first: BlockTexts = {
    frontend: renderFrontend(listener, places),
    backend: renderBackend(listener, listener.key, own, places),
    certificateList: certificateList(listener, places),
    needs: [...listenerFiles(listener), ...poolFiles(own.options)],
    filled: filledLists(listener, places),
  };
  const others = pools.map((pool): BlockTexts => {
    const container = poolKey(listener.key, pool.name);
    return {
      frontend: '',
      backend: renderBackend(listener, container, pool, places),
      certificateList: '',
      needs: poolFiles(pool.options),
      filled: [],
    };
  });
  return [first, ...others];
}

function listenerFiles(listener: WorldListener): NeededFile[] {
  const tls = listener.protocol === 'https' ? listener.layer7?.tls : undefined;
  const pages = isHttp(listener) ? Object.values(listener.layer7?.http?.errorPages ?? {}) : [];
  const asked = tls !== undefined && tls.clientAuth !== 'none' && tls.clientCa !== undefined;
  return [
    ...(tls?.certificates ?? []).map((name): NeededFile => ({ kind: 'certificate', name })),
    ...files(asked ? tls.clientCa : undefined, asked ? tls.clientCrl : undefined, ...pages),
  ];
}

function poolFiles({ tls }: WorldPool['options']): NeededFile[] {
  if (tls === undefined) return [];
  const verified = tls.verify ? files(tls.ca, tls.crl) : [];
  return tls.certificate === undefined
    ? verified
    : [...verified, { kind: 'certificate', name: tls.certificate }];
}

function files(...paths: readonly (string | undefined)[]): NeededFile[] {
  return [...new Set(paths)].filter((path) => path !== undefined).map((name) => ({ kind: 'file', name }));
}
