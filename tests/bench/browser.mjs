export async function measureBrowser() {}
