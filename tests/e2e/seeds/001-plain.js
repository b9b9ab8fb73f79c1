// 001: "Server-Sent Events (SSE) en lugar de Polling", DESPUÉS, as it stands there.
// Establecer conexión SSE para notificaciones en tiempo real
const eventSource = new EventSource('/api/events');
eventSource.onmessage = handleSSEEvent;
