export async function measureSizes() {}
