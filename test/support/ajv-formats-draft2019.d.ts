// Types of ajv-formats-draft2019, which brings none: formats such as idn-email, for schemas of CycloneDX.

declare module 'ajv-formats-draft2019' {
  import type { Ajv } from 'ajv';

  export default function addFormats(ajv: Ajv): Ajv;
}
