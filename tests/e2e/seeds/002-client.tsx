// 002: "Client-Side", as it stands there.
useEffect(() => {
  const eventSource = new EventSource('/api/workorders/stream')
  
  eventSource.onmessage = (event) => {
    const data = JSON.parse(event.data)
    if (data.type === 'workorder-update') {
      // Reload data when update is received
      loadWorkOrders()
    }
  }
  
  eventSource.onerror = () => {
    eventSource.close()
    // Reconnect after 5 seconds
    setTimeout(connectSSE, 5000)
  }
  
  return () => eventSource.close()
}, [])
