// Which @noble packages the provider was written and tested against; a test holds these to package.json and to node_modules.
//
// Constants, because the packages do not export their package.json and a bundled program has no node_modules to look in.

/** Exact versions, as package.json pins them. */
export const nobleVersions = {
  '@noble/post-quantum': '0.7.1',
  '@noble/curves': '2.4.0',
  '@noble/hashes': '2.4.0',
} as const;

/** e.g. `noble-post-quantum 0.7.1, noble-curves 2.4.0, noble-hashes 2.4.0`. */
export const nobleVersion = Object.entries(nobleVersions)
  .map(([name, version]) => `${name.slice(1).replace('/', '-')} ${version}`)
  .join(', ');
