// 003: "Uso em Outros Frameworks", as it stands there.
// Vanilla JavaScript
const eventSource = new EventSource('/stream/rounds/ROULETTE/123/v2/live?token=...');

eventSource.addEventListener('update', async (event) => {
  const data = await decryptData(event.data);
  console.log('Novo número:', data.number.value);
});
