import { PayButton } from "./pay-button";

export default function Page() {
  return <PayButton />;
}
