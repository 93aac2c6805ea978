export async function measureLedger() {}
