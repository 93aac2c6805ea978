/** A check that mostly waits, since a proxy may remember a payment for two seconds, and that leaves PaySG to the others as it is. */
export const waits = (check) => Object.assign(check, { waits: true });
