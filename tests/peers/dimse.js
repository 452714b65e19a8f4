// Sends the requests of a JSON document on standard input with dcmjs-dimse and prints their statuses as JSON.
const { Client, Dataset, requests } = require('dcmjs-dimse');

const make = {
  echo: () => new requests.CEchoRequest(),
  store: ({ path }) => new requests.CStoreRequest(path),
  find: ({ keys }) => requests.CFindRequest.createStudyFindRequest(keys),
  create: ({ sopClass, uid, dataset }) => holding(new requests.NCreateRequest(sopClass, uid), dataset),
  set: ({ sopClass, uid, dataset }) => holding(new requests.NSetRequest(sopClass, uid), dataset),
  action: ({ sopClass, uid, type, dataset }) => holding(new requests.NActionRequest(sopClass, uid, type), dataset),
};

function holding(request, dataset) {
  request.setDataset(new Dataset(dataset));
  return request;
}

const asked = JSON.parse(require('fs').readFileSync(0, 'utf-8'));
const said = asked.requests.map(() => ({ statuses: [], datasets: [], events: [] }));
const events = [];
const client = new Client();
asked.requests.forEach((one, number) => {
  const request = make[one.kind](one);
  request.on('response', (response) => {
    said[number].statuses.push(response.getStatus());
    if (response.hasDataset()) said[number].datasets.push(response.getDataset().getElements());
  });
  client.addRequest(request);
});
client.on('nEventReportRequest', (request, answer) => {
  events.push({ type: request.getEventTypeId(), dataset: request.getDataset().getElements() });
  const { NEventReportResponse } = require('dcmjs-dimse').responses;
  answer(NEventReportResponse.fromRequest(request));
});
client.on('networkError', (error) => {
  console.error(String(error));
  process.exit(1);
});
client.on('closed', () => {
  process.stdout.write(JSON.stringify({ said, events }), () => process.exit(0));
});
client.send('127.0.0.1', asked.port, 'DCMJS', 'KERMA', { associationLingerTimeout: asked.linger_ms ?? 0 });
