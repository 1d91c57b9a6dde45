// Lint rules: typescript-eslint's, and the layers of ARCHITECTURE.md.

import js from '@eslint/js';
import tseslint from 'typescript-eslint';

/**
 * For each folder of src/, the folders that it must not reach into: dependencies run
 * tls -> engine -> (binding | protocol -> crypto), never upward.
 */
const forbiddenFolders = {
  crypto: ['protocol', 'engine', 'tls', 'integrations', 'cli', 'x509'],
  x509: ['protocol', 'engine', 'tls', 'integrations', 'cli'],
  protocol: ['engine', 'tls', 'integrations', 'cli'],
  engine: ['tls', 'integrations', 'cli'],
  // I/O and no cryptography; protocol/ gives it names and numbers.
  tls: ['crypto', 'integrations', 'cli'],
  integrations: ['protocol', 'engine', 'cli'],
  cli: ['protocol', 'engine'],
};

/** Only these folders do I/O on the network. */
const networkFolders = ['tls', 'integrations', 'cli'];

const networkModules = ['net', 'tls', 'dgram', 'http', 'https', 'http2'].map((name) => ({
  regex: `^(node:)?${name}$`,
  message: `Only src/${networkFolders.join('/, src/')}/ touch the network.`,
}));

const addonLoaders = [
  {
    regex: '^(node:)?module$',
    // What pqtls/register needs, and what loads nothing.
    allowImportNames: ['syncBuiltinESMExports'],
    message: 'Only src/binding.ts makes a require function and loads the addon; import what it exports.',
  },
  { regex: '\\.node$', message: 'Only src/binding.ts loads the addon.' },
];

const functionLiteral = ':matches(ArrowFunctionExpression, FunctionExpression)';
const typeAssertions = ['TSAsExpression', 'TSSatisfiesExpression', 'TSNonNullExpression', 'TSTypeAssertion'];

/** @param {string} folder */
function layerOf(folder) {
  const forbidden = forbiddenFolders[folder] ?? [];
  return {
    files: [`src/${folder}/**/*.{ts,cts}`],
    rules: {
      'no-restricted-imports': [
        'error',
        {
          patterns: [
            ...addonLoaders,
            ...(networkFolders.includes(folder) ? [] : networkModules),
            ...(forbidden.length === 0
              ? []
              : [
                  {
                    regex: `^(\\.\\./)+(${forbidden.join('|')})(/|\\.js$)|^#src/(${forbidden.join('|')})(/|\\.js$)`,
                    message: `src/${folder}/ lies below src/${forbidden.join('/, src/')}/: dependencies never run upward.`,
                  },
                ]),
          ],
        },
      ],
    },
  };
}

export default tseslint.config(
  { ignores: ['dist/', 'build/', '.build/', '.tap/', 'vendor/build/', 'vendor/crates/', 'test/fixtures/'] },
  js.configs.recommended,
  {
    files: ['**/*.{js,mjs,cjs}'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        Buffer: 'readonly',
        performance: 'readonly',
        setTimeout: 'readonly',
        URL: 'readonly',
      },
    },
  },
  {
    files: ['**/*.{ts,mts,cts}'],
    extends: [tseslint.configs.recommendedTypeChecked],
    languageOptions: {
      parserOptions: {
        project: ['tsconfig.json', 'test/tsconfig.json', 'bench/tsconfig.json'],
        tsconfigRootDir: import.meta.dirname,
      },
    },
    rules: {
      '@typescript-eslint/no-explicit-any': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-unused-vars': ['error', { argsIgnorePattern: '^_', varsIgnorePattern: '^_' }],
      // Methods of an interface that is there to be implemented synchronously or not.
      '@typescript-eslint/require-await': 'off',
      // Node's errors and events are thrown and emitted as they are.
      '@typescript-eslint/prefer-promise-reject-errors': 'off',
    },
  },
  // CommonJS is what these are there for.
  { files: ['**/*.cts'], rules: { '@typescript-eslint/no-require-imports': 'off' } },
  {
    files: ['src/*.ts'],
    ignores: ['src/binding.ts', 'src/index.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [...addonLoaders, ...networkModules] }] },
  },
  ...Object.keys(forbiddenFolders).map(layerOf),
  {
    files: ['src/engine/**/*.ts', 'src/protocol/**/*.ts', 'src/tls/**/*.ts'],
    rules: {
      'no-restricted-syntax': [
        'error',
        ...[functionLiteral, `:matches(${typeAssertions.join(', ')}) > ${functionLiteral}`].map((assigned) => ({
          selector: `:matches(AssignmentExpression, AssignmentPattern)[left.type=/^(MemberExpression|TS.*)$/] > ${assigned}`,
          message:
            'V8 allocates a function literal that is assigned to a property in its old space, from where it keeps its ' +
            'connection through every scavenge: name it first, or keep an object with a method.',
        })),
      ],
    },
  },
  {
    files: ['src/binding/**/*.ts'],
    rules: { 'no-restricted-imports': ['error', { patterns: [...addonLoaders, ...networkModules] }] },
  },
  {
    files: ['test/**/*.ts', 'bench/**/*.ts'],
    rules: {
      // Tests hand over values of every wrong type, and await what node:test and tap return.
      '@typescript-eslint/no-floating-promises': 'off',
      '@typescript-eslint/no-unsafe-argument': 'off',
      '@typescript-eslint/no-unsafe-assignment': 'off',
      '@typescript-eslint/no-unsafe-member-access': 'off',
      '@typescript-eslint/no-unsafe-call': 'off',
      '@typescript-eslint/unbound-method': 'off',
      '@typescript-eslint/no-misused-promises': 'off',
    },
  },
);
