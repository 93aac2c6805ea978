// For backends of their own: verifies PaySG's webhooks. The wasm is the edge's; where it comes from depends on the runtime.
