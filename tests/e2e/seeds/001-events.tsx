// 001: "3. Frontend con SSE", "Manejo de Eventos", as it stands there.
const handleSSEEvent = useCallback((event: MessageEvent) => {
  const data = JSON.parse(event.data);
  
  if (data.type === 'user_created') {
    console.log('🔄 Nuevo usuario creado detectado via SSE:', data.user);
    fetchUsers(false); // Actualizar sin mostrar loading
    setNewUserDetected(true);
  } else if (data.type === 'user_deleted') {
    console.log('🗑Usuario eliminado detectado via SSE:', data.user);
    fetchUsers(false); // Actualizar sin mostrar loading
  }
}, [fetchUsers]);
