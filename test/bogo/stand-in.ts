// What the runner starts in the place of a shim that runs in the host.

/** The pipe on which stand-ins say that they are there. */
export const requests = 'requests';

/**
 * A stand-in for the shim, which the runner starts: it hands its command line to the host through the folder, and ends
 * as the host says.
 */
export function standInScript(folder: string): string {
  const quoted = `'${folder.replaceAll("'", `'\\''`)}'`;
  return `#!/bin/sh
case " $* " in *" -is-handshaker-supported "*) echo No; exit 0 ;; esac
folder=${quoted}
mkfifo "$folder/$$" || exit 1
for arg do printf '%s\\0' "$arg"; done >"$folder/$$.args"
echo $$ >"$folder/${requests}"
{
  IFS= read -r code
  while IFS= read -r line; do printf '%s\\n' "$line" >&2; done
} <"$folder/$$"
exit "\${code:-1}"
`;
}

/** A shim that implements nothing: with it, the runner lists its tests. */
export const listingScript = `#!/bin/sh
case " $* " in *" -is-handshaker-supported "*) echo No; exit 0 ;; esac
exit 89
`;
