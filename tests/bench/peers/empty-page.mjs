// No peer: what a page takes that does nothing at all.
export const start = async () => ({});
