//! The built package: `index.js` over wasm-bindgen's glue. `cargo xtask build` makes it.

use js_sys::futures::JsFuture;
use js_sys::{Function, Object, Promise};
use wasm_bindgen::JsValue;
use wasm_bindgen::prelude::*;
use wasm_bindgen_test::wasm_bindgen_test;

use crate::page::{
    NONE, PAGE, answers, created, departed, get, json, new_page, params, settle, text, to_json,
    told,
};

#[wasm_bindgen(module = "/tests/browser/package.js")]
extern "C" {
    fn import_package() -> Promise;
    fn source(path: &str) -> Promise;
    fn in_new_page(policy: &str, body: &str) -> Promise;
    fn code_in_worker() -> Promise;
}

const TYPES: &str = include_str!("../../npm/index.d.ts");
const MODULE_TYPES: &str = include_str!("../../src/browser/types.d.ts");

async fn package() -> JsValue {
    JsFuture::from(import_package())
        .await
        .expect("pkg/ must be built before this test")
}

fn call(object: &JsValue, name: &str, args: &[&JsValue]) -> Result<JsValue, JsValue> {
    let function: Function = get(object, name).into();
    let list = args
        .iter()
        .map(|arg| (*arg).clone())
        .collect::<js_sys::Array>();
    function.apply(&NONE, &list)
}

async fn load(package: &JsValue, options: &str) -> Result<JsValue, JsValue> {
    settle(call(package, "load", &[&json(options)])?).await
}

/// The values that the types export.
fn declared() -> Vec<String> {
    let words = ["export function ", "export { "];
    let mut names: Vec<String> = TYPES
        .lines()
        .filter_map(|line| words.iter().find_map(|word| line.strip_prefix(word)))
        .map(|rest| rest.chars().take_while(|c| c.is_alphanumeric()).collect())
        .collect();
    names.sort_unstable();
    names.dedup();
    names
}

#[wasm_bindgen_test]
async fn it_exports_what_its_types_declare() {
    let package = package().await;
    let mut exported: Vec<String> = Object::keys(&package.clone().into())
        .iter()
        .map(|name| name.as_string().unwrap())
        .collect();
    exported.sort_unstable();
    assert_eq!(exported, declared());
}

#[wasm_bindgen_test]
async fn it_gives_the_functions_that_its_types_declare() {
    new_page().await;
    let paysg = load(&package().await, "{}").await.unwrap();
    let mut given: Vec<String> = Object::keys(&paysg.clone().into())
        .iter()
        .map(|name| name.as_string().unwrap())
        .collect();
    given.sort_unstable();
    let class = MODULE_TYPES
        .split("export class PaySG {")
        .nth(1)
        .unwrap()
        .split("\n}")
        .next()
        .unwrap();
    let mut declared: Vec<&str> = class
        .lines()
        .filter(|line| line.ends_with(';') && line.contains('('))
        .map(|line| line.trim().split('(').next().unwrap())
        .filter(|name| *name != "constructor" && !name.starts_with('/'))
        .collect();
    declared.sort_unstable();
    assert_eq!(given, declared);
}

async fn run_in_new_page(policy: &str, body: &str) -> String {
    settle(in_new_page(policy, body))
        .await
        .unwrap()
        .as_string()
        .unwrap()
}

/// The strictest policy under which the module works.
const POLICY: &str =
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval'; connect-src 'self'";

#[wasm_bindgen_test]
async fn it_works_under_a_strict_policy() {
    let seen = run_in_new_page(
        POLICY,
        "const { readReturn } = await paysg.load(); return readReturn('/?page=2');",
    )
    .await;
    assert_eq!(seen, "null");
}

#[wasm_bindgen_test]
async fn a_policy_that_forbids_wasm_is_named() {
    let seen = run_in_new_page(
        &POLICY.replace("'wasm-unsafe-eval'", ""),
        "const error = await paysg.load().catch((error) => error);
         return [error.name, error.code, error.message.includes(`script-src 'wasm-unsafe-eval'`), error.cause.name];",
    )
    .await;
    assert_eq!(seen, r#"["PaySGError","wasm_blocked",true,"CompileError"]"#);
}

#[wasm_bindgen_test]
async fn wasm_that_cannot_be_fetched_is_said_and_may_be_tried_again() {
    let seen = run_in_new_page(
        POLICY,
        "const missing = await paysg.load({ wasm: '/nowhere.wasm' }).catch((error) => error);
         const fetches = [];
         const { fetch } = window;
         window.fetch = (url, ...rest) => { fetches.push(new URL(url, document.baseURI).pathname); return fetch(url, ...rest); };
         await Promise.all([paysg.load(), paysg.load(), paysg.load({ wasm: '/another.wasm' })]);
         return [missing.code, missing.retryable, fetches];",
    )
    .await;
    assert_eq!(
        seen, r#"["load_failed",true,["/pkg/browser/paysg_wasm_bg.wasm"]]"#,
        "and it is fetched once"
    );
}

#[wasm_bindgen_test]
async fn a_compiled_module_may_be_given() {
    let seen = run_in_new_page(
        POLICY,
        "const wasm = await WebAssembly.compileStreaming(fetch('/pkg/browser/paysg_wasm_bg.wasm'));
         return (await paysg.load({ wasm })).readReturn();",
    )
    .await;
    assert_eq!(seen, "null");
}

#[wasm_bindgen_test]
async fn a_trap_is_an_error_not_a_promise_that_never_settles() {
    let seen = run_in_new_page(
        POLICY,
        "const { createPayment, readReturn } = await paysg.load();
         const trap = new WebAssembly.RuntimeError('unreachable');
         performance.now = () => { throw trap; };
         const error = await createPayment('a.b.c').catch((error) => error);
         return [error.name, error.code, error.retryable, error.cause === trap];",
    )
    .await;
    assert_eq!(seen, r#"["PaySGError","internal",false,true]"#);
}

#[wasm_bindgen_test]
async fn the_module_is_usable_without_the_package() {
    let seen = run_in_new_page(
        POLICY,
        "const { default: init, PaySG, PaySGError } = await import('/pkg/browser/paysg_wasm.js');
         await init();
         const module = new PaySG();
         const refused = await module.createPayment('').catch((error) => error);
         let thrown;
         try { new PaySG({ proxyUrl: 7 }); } catch (error) { thrown = error; }
         return [refused, thrown].map((error) => [error instanceof PaySGError, error.code]);",
    )
    .await;
    assert_eq!(seen, r#"[[true,"invalid_order"],[true,"invalid_option"]]"#);
}

#[wasm_bindgen_test]
async fn without_a_page_it_says_so() {
    let code = settle(code_in_worker()).await.unwrap();
    assert_eq!(code, "no_window");
}

#[wasm_bindgen_test]
async fn errors_are_the_packages_own_class() {
    new_page().await;
    let package = package().await;
    let is = |error: &JsValue, code: &JsValue| {
        call(&package, "isPaySGError", &[error, code])
            .unwrap()
            .is_truthy()
    };
    let instance: Function =
        json("(error, PaySGError) => error instanceof PaySGError && error instanceof Error").into();
    let error = load(&package, "{proxyUrl:7}").await.unwrap_err();
    let misspelt = load(&package, "{proxyURL:'/pay'}").await.unwrap_err();
    let message = get(&misspelt, "message").as_string().unwrap_or_default();
    assert!(message.contains("proxyURL"), "{message}");
    let paysg = load(&package, "{}").await.unwrap();
    let thrown = call(&paysg, "redirectToPayment", &[&json("{}")]).unwrap_err();
    let rejected = settle(call(&paysg, "createPayment", &[&NONE]).unwrap())
        .await
        .unwrap_err();
    for (error, code) in [
        (error, "invalid_option"),
        (misspelt, "invalid_option"),
        (thrown, "payment_url_refused"),
        (rejected, "invalid_order"),
    ] {
        assert!(
            instance
                .call2(&NONE, &error, &get(&package, "PaySGError"))
                .unwrap()
                .is_truthy()
        );
        assert_eq!(text(&error, "name"), "PaySGError");
        assert_eq!(text(&error, "code"), code);
        assert_eq!(get(&error, "retryable"), JsValue::FALSE);
        assert!(is(&error, &NONE) && is(&error, &code.into()) && !is(&error, &"aborted".into()));
        // Absent properties are absent, not undefined or null.
        assert_eq!(
            to_json(
                &json("(error) => Object.keys(error).sort()")
                    .dyn_into::<Function>()
                    .unwrap()
                    .call1(&NONE, &error)
                    .unwrap()
            ),
            r#"["code","retryable"]"#
        );
    }
    for other in [
        "new Error('x')",
        "{name:'PaySGError',code:'aborted'}",
        "null",
        "'x'",
    ] {
        assert!(!is(&json(other), &NONE), "{other}");
    }
}

#[wasm_bindgen_test]
async fn functions_work_without_their_object() {
    new_page().await;
    let paysg = load(&package().await, "{}").await.unwrap();
    answers(&format!("[{}]", created("unpaid")));
    let payment = settle(call(&paysg, "createPayment", &[&"a.b.c".into()]).unwrap())
        .await
        .unwrap();
    call(&paysg, "redirectToPayment", &[&payment]).unwrap();
    assert_eq!(departed(), [PAGE]);
    answers(&format!("[{}]", told("paid")));
    let verified = settle(call(&paysg, "verifyPayment", &[&params()]).unwrap())
        .await
        .unwrap();
    assert_eq!(text(&verified, "status"), "paid");
    assert!(call(&paysg, "readReturn", &[]).unwrap().is_null());
    assert!(call(&paysg, "startVerification", &[]).unwrap().is_null());
    assert!(call(&paysg, "clearReturn", &[]).unwrap().is_undefined());
}

#[wasm_bindgen_test]
async fn nothing_is_evaluated_and_nothing_of_the_edge_is_in_it() {
    for path in [
        "/pkg/index.js",
        "/pkg/browser/paysg_wasm.js",
        "/pkg/browser/paysg_wasm_bg.wasm",
    ] {
        let source = settle(source(path)).await.unwrap().as_string().unwrap();
        for word in [
            "new Function",
            "eval(",
            "x-api-key",
            "paysg_live_",
            "paysg_stag_",
            "hmac",
            "Hmac",
            "sha2",
        ] {
            assert!(!source.contains(word), "{word} in {path}");
        }
    }
}
