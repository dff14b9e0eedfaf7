// See run.mjs.
const STAND_IN = `data:text/javascript,${encodeURIComponent(`
  export * from 'node:fs';
  export { default } from 'node:fs';
  export const globSync = () => { throw new Error('this version of Node.js has no globSync'); };
`)}`;

export function resolve(specifier, context, next) {
  const isSuite = context.parentURL?.includes('/@modelcontextprotocol/conformance/');
  return isSuite && specifier === 'fs' ? { url: STAND_IN, shortCircuit: true } : next(specifier, context);
}
