// Which values of a configuration are not shown, by their key: what is called a secret, and what may be one under any name, as it is
// given to other servers and to programs as it stands.

const SECRET_KEY = /password|passwd|secret|token|passphrase|key_pem|auth_pass/i;
const PLAIN_HEADERS = /^(host|user-agent|accept(-[a-z]+)*|connection|content-type|cache-control)$/i;

/** By the key, and the key of the block that holds it. */
export function isSecretKey(holder: string | undefined, key: string): boolean {
  return SECRET_KEY.test(key) || mayBeSecret(holder, key);
}

export function mayBeSecret(holder: string | undefined, key: string): boolean {
  return holder === 'environment' || key === 'send' || (holder === 'headers' && !PLAIN_HEADERS.test(key));
}
