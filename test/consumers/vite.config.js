/** One module, so that it runs outside of a page too. */
export default { build: { modulePreload: false, reportCompressedSize: false } };
