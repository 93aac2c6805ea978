// Adyen's redirect component, imported as its documentation says, so that a bundler leaves out the rest.
import { AdyenCheckout, Redirect } from "@adyen/adyen-web";

const checkout = await AdyenCheckout({
  clientKey: "test_0123456789",
  environment: "test",
  countryCode: "SG",
  locale: "en-US",
  amount: { value: 4200, currency: "SGD" },
  onSubmit: async (state, component, actions) => {
    const response = await fetch("/payments", { method: "POST", body: JSON.stringify(state.data) });
    actions.resolve(await response.json());
  },
});
new Redirect(checkout, { type: "paynow" }).mount("#pay");
