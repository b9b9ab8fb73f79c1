/* SPDX-License-Identifier: PostgreSQL */
#include "pg/layer.h"

#include <dlfcn.h>

layer_pending_fn *layer_find_pending(void)
{
	void *libpq = dlopen("libpq.so.5", RTLD_LAZY | RTLD_NOLOAD);
	layer_pending_fn *found;

	*(void **)&found = dlsym(libpq == NULL ? RTLD_DEFAULT : libpq, "SSL_pending");
	if (libpq != NULL)
		dlclose(libpq);
	return found;
}

int layer_wait_ms(PGconn *pg, layer_pending_fn *pending, bool awaits)
{
	void *ssl = PQsslInUse(pg) ? PQsslStruct(pg, "OpenSSL") : NULL;

	if (ssl != NULL && pending != NULL)
		return pending(ssl) > 0 ? 0 : -1;
	return awaits && (PQsslInUse(pg) || PQgssEncInUse(pg)) ? LAYER_LOOK_MS : -1;
}
