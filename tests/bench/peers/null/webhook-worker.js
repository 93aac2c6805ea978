// The limit of a webhook's acknowledgement: the body is read, and nothing is done with it.
export default {
  async fetch(request) {
    await request.arrayBuffer();
    return new Response('{"received":true}', { headers: { "content-type": "application/json" } });
  },
};
