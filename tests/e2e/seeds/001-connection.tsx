// 001: "3. Frontend con SSE", "Conexión SSE", as it stands there.
useEffect(() => {
  const eventSource = new EventSource('/api/events');
  
  eventSource.onmessage = handleSSEEvent;
  eventSource.onopen = () => setSseConnected(true);
  eventSource.onerror = () => setSseConnected(false);
  
  return () => eventSource.close();
}, [handleSSEEvent]);
