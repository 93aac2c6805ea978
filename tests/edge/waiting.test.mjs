// What mostly waits, for PaySG or for time to pass: each group on stacks of its own, side by side.
import { groups as misbehaviour } from "./misbehaviour.mjs";
import { groups as payer } from "./payer.mjs";
import { hanging } from "./slow.mjs";
import { each } from "./support.mjs";

each({}, ...misbehaviour, ...payer, hanging);
