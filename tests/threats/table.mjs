// The threats, in short, and the tests that prove each held off. `threat(number, name, …)` registers a test under its row; the suite fails
// where a row has no test, and where a test that a row names has not passed in the same run. `elsewhere` names tests of other suites, for what is better shown
// there: file and name.
export const THREATS = [
  {
    number: 1,
    threat: "open redirect through `payment_url`",
    tests: [
      "a payment page that is not PaySG's is never followed, whatever its spelling",
      "a payment page that is no text, or is not there, leads nowhere",
      "resume goes back to PaySG's page only",
      "PaySG's own page is followed, byte for byte",
      "the way back leads to the configured result, whatever the request says",
    ],
    elsewhere: [
      ["src/paysg/tests/pages.rs", "an_allowed_page_is_the_same_page_to_a_browser"],
      ["src/paysg/tests/pages.rs", "everything_that_leads_elsewhere_is_refused"],
      ["src/flow/tests/checkout.rs", "a_payer_is_sent_to_paysgs_pages_of_this_environment_only"],
    ],
  },
  {
    number: 2,
    threat: "tampered return parameters",
    tests: [
      "return parameters that are repeated, missing, overlong or malformed: 400, and no call to PaySG",
      "whatever the return says, the GET decides",
    ],
  },
  {
    number: 3,
    threat: "payment swap: another order's paid id on the return or in an event",
    tests: [
      "another order's paid id on the return is no proof, and changes neither order",
      "an event that couples one order's reference with another's paid payment fulfils neither wrongly",
      "a GET that shows another id, service, reference or amount pays for nothing, and is flagged",
    ],
  },
  {
    number: 4,
    threat: "amount tampering",
    tests: [
      "a browser's own price, text, reference or return URL is refused beside a signed order",
      "an order whose price was changed on the way is refused, and makes nothing",
      "PaySG is asked for the price of the order or of the catalogue, to the cent",
      "no spelling of a quantity or of a price makes the catalogue cheaper",
      "a payment that PaySG makes for another amount is not the order's: refused, whoever asks",
    ],
  },
  {
    number: 5,
    threat: "reading others' payments by id",
    tests: [
      "without proof a payment is its id, its service and its status, and nothing else",
      "PaySG's answer is full of the payer, ours never is, with proof or without",
    ],
  },
  {
    number: 6,
    threat: "webhook replay",
    tests: [
      "an event replayed in any number and under any id has one effect",
    ],
  },
  {
    number: 7,
    threat: "forged or odd signature header",
    tests: [
      "a signature that is forged, truncated, repeated or oddly written moves nothing",
      "two signature headers, which runtimes join with a comma, are refused",
    ],
    elsewhere: [
      ["src/paysg/tests/webhook.rs", "no_beginning_of_a_signature_is_enough"],
      ["src/paysg/tests/webhook.rs", "one_changed_bit_spoils_a_signature"],
    ],
  },
  {
    number: 8,
    threat: "clock skew, seconds against milliseconds",
    tests: [
      "at any skew and in either unit an authentic event is a hint, and the GET decides",
      "for a backend of one's own the tolerance is 300 seconds either way, in seconds or milliseconds, and time is an argument",
    ],
    elsewhere: [
      ["src/paysg/tests/webhook.rs", "freshness_holds_both_ways_with_its_bounds"],
    ],
  },
  {
    number: 9,
    threat: "duplicate creates",
    tests: [
      "presses, tabs, reloads, programs and forms at once: one payment at PaySG",
      "answers lost on the way, again and again: one payment",
      "the attempt is on disk before PaySG hears of it",
      "an edge that dies while PaySG makes the payment finds it when it is back",
      "an order from the catalogue in two tabs of one browser: one payment, until it was shown as paid",
    ],
    elsewhere: [
      ["src/edge/tests/press.rs", "after_its_payment_was_shown_as_paid_an_equal_order_is_another_in_every_tab"],
      ["src/edge/tests/press.rs", "a_browsers_first_plain_form_is_sent_once_more_with_the_seed_before_paysg_is_asked"],
      ["src/edge/tests/session.rs", "answers_that_overlap_undo_nothing_of_each_other"],
      ["tests/edge/storm.test.mjs", "each intent has one payment"],
    ],
  },
  {
    number: 10,
    threat: "a recorded 500; a pruned key",
    tests: [
      "past a recorded 500 leads the list first: what is there is adopted, and only then comes another key",
      "where the list cannot be read there is no other key",
    ],
    elsewhere: [
      ["src/flow/tests/checkout.rs", "a_key_is_good_for_23_hours_and_then_the_list_comes_first"],
      ["src/flow/tests/checkout.rs", "after_23_hours_a_payment_that_was_made_is_found_and_adopted"],
    ],
  },
  {
    number: 11,
    threat: "two paid payments for one order",
    tests: [
      "two paid payments for one order: fulfilled once, the surplus flagged",
    ],
  },
  {
    number: 12,
    threat: "the API key leaks",
    tests: [
      "a redirect of PaySG's is not followed, so the key goes nowhere else",
      "a redirect of PaySG's list is not followed either",
      "the e-service's redirect is not followed: a receipt is for nobody else",
      "the key is in the one header for it, and in nothing else that leaves the edge",
      "a PaySG, or a gateway before it, that repeats the key in its answers is not repeated",
    ],
  },
  {
    number: 13,
    threat: "cached answers",
    tests: [
      "every answer is for nobody's cache, whatever was asked, and each page has a strict policy",
      "the cookies are for this host's HTTP alone",
    ],
    elsewhere: [
      ["tests/edge/node.test.mjs", "over HTTPS the cookies are __Host- and Secure"],
    ],
  },
  {
    number: 14,
    threat: "personal data or secrets in logs",
    tests: [
      "no log, no answer, no stored file and no telling holds a canary, whatever went well or wrong",
      "the npm tarball holds no key, no payer and nothing of the machine that made it",
      "the look for canaries finds each of them in each spelling, wherever it is planted",
    ],
    elsewhere: [
      ["tests/edge/log.test.mjs", "every line of the edge's log is of these fields"],
      ["tests/edge/log.test.mjs", "nothing of the package prints but its log"],
    ],
  },
  {
    number: 15,
    threat: "header injection through redirects",
    tests: [
      "a hostile PaySG sets no header, neither here nor in later calls to it",
      "nothing that a request says becomes a header of its own",
      "a reference full of line breaks stays inside its JSON, on its page, and in its receipt",
    ],
  },
  {
    number: 16,
    threat: "SSRF, path tricks",
    tests: [
      "ids that are none reach no call, in any place that takes one",
      "no spelling of the base path, and no absolute request, leads past the routes",
      "ids and cursors of a hostile PaySG never leave their place in a path",
      "whatever a request names, the one PaySG is asked",
    ],
  },
  {
    number: 17,
    threat: "CSRF on create and cancel",
    tests: [
      "no page of another origin creates or cancels, whatever it leaves out or makes up",
      "what a form of another site can send is no JSON",
      "GET and HEAD change nothing, on any route, with cookie and token",
    ],
  },
  {
    number: 18,
    threat: "bombs: size, depth, slow bodies",
    tests: [
      "a body over 64 KiB, counted as it comes, is a 413 on every route that takes one, and the next request works",
      "depth and number of what is nested cost nothing: 400 or 413, and the next request works",
      "a PaySG that answers hugely, endlessly, deeply or not to the end holds nobody up",
      "a call that PaySG never answers, or begins to and never ends, is ended with the request that made it",
    ],
    elsewhere: [
      ["tests/edge/load.test.mjs", "${SLOW} bodies that do not come: ${READING} are waited for, the others refused at once"],
      ["tests/edge/load.test.mjs", "bodies that have almost come: 16 MiB of them are held, the others refused at once"],
      ["tests/edge/slow.mjs", "a body that does not come ends in a 4xx, and keeps nobody else waiting"],
    ],
  },
  {
    number: 19,
    threat: "`__proto__`, duplicate JSON keys",
    tests: [
      "a key that stands twice is refused: in a body, a token, an event, a form, in whatever spelling",
      "__proto__ and its like are names like any other",
      "a PaySG that says two things at once is believed in neither",
    ],
  },
  {
    number: 20,
    threat: "numbers and text",
    tests: [
      "an amount is whole cents within PaySG's limits, written plainly",
      "lone surrogates, NUL and broken UTF-8 are a 400, never a trap, wherever they stand",
      "numbers and texts of a hostile PaySG are no amounts, and no traps",
    ],
  },
  {
    number: 21,
    threat: "a trap poisons the wasm instance",
    tests: [
      "a core that runs out of memory fails one request, and the next ones find everything as it was",
    ],
    elsewhere: [
      ["tests/edge/trap.test.mjs", "${kind} as a request comes in: that one fails, and the next succeeds"],
      ["tests/edge/trap.test.mjs", "${kind} with PaySG's answer to a create in hand: the payment is made, and the next request finds it"],
      ["tests/edge/trap.test.mjs", "${kind}, ten times in a row, each costs one"],
      ["tests/edge/trap.test.mjs", "a trap before anything is on disk leaves nothing, and the next request begins"],
      ["tests/edge/trap.test.mjs", "memory that was exhausted is given back in time"],
    ],
  },
  {
    number: 22,
    threat: "unknown or out-of-order events",
    tests: [
      "paid never goes back, whatever PaySG shows or says afterwards",
      "unknown types are taken and ignored; an event that comes too early or too late counts like any other",
    ],
  },
  {
    number: 23,
    threat: "alarms give up",
    tests: [
      "an event's alarm that fails more often than the platform retries is still carried out",
      "a handler that fails inside does not throw, is armed again, and goes on once the cause is gone",
    ],
    elsewhere: [
      ["tests/edge/trap.test.mjs", "a trap as an alarm works: it comes again, and the e-service is told once"],
    ],
  },
  {
    number: 24,
    threat: "the e-service is down for hours",
    tests: [
      "an e-service that is down for hours is told in the end, under the same key, until it acknowledges",
      "an e-service that is down is told by the edge that comes back after a power cut",
    ],
  },
  {
    number: 25,
    threat: "poisoned dependencies",
    tests: [
      "every dependency is pinned by a committed lockfile, comes from a registry, and bears its checksum",
      "cargo-deny runs with the tests, excepts nothing, and takes crates from crates.io alone",
      "no package runs code while it is installed, and none that is used needs to",
    ],
  },
  // Found since, by attacking it.
  {
    number: 26,
    threat: "NUL in an event, which separates what the core says of it",
    tests: ["NUL in what an authentic event names shifts nothing into another name's place"],
  },
  {
    number: 27,
    threat: "log lines forged by the names of fields",
    tests: ["nobody writes into the log by the names of fields, in no encoding, and no page breaks off at one"],
  },
  {
    number: 28,
    threat: "payments by the thousand, from one address",
    tests: ["one address makes so many payments a minute, and PaySG is not asked for more; others are served"],
    elsewhere: [
      ["tests/edge/limit.test.mjs", "a session makes ${ADDRESSES.SESSION}, from wherever, and more than that with reloads and double clicks not punished"],
      ["tests/edge/limit.test.mjs", "who has no proof asks ${ADDRESSES.STATUS} times a minute; who has proof asks on"],
    ],
  },
  {
    number: 29,
    threat: "tokens of one kind used as another, stretched, or used again",
    tests: [
      "an order, a command and a receipt are each taken as themselves only",
      "no header of a token chooses how it is verified, and no claim stretches how long it is good",
      "a refund sent again is one refund",
    ],
  },
  {
    number: 30,
    threat: "the next person at a shared computer",
    tests: [
      "a browser that was told to forget proves nothing and resumes nothing, and no other site can tell it to",
    ],
    elsewhere: [
      ["src/edge/tests/watching.rs", "an_hour_after_its_last_press_a_payment_is_not_resumed"],
      ["src/edge/tests/session.rs", "a_copy_of_a_cookie_is_dead_after_a_day"],
    ],
  },
];
