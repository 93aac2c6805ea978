// What the edge does not do yet: `node --test tests/edge/pending.mjs` runs the tests marked so in the files below, and only them.
process.env.PAYSG_PENDING = "1";
for (const name of ["create", "input", "command", "waiting"]) await import(`./${name}.test.mjs`);
