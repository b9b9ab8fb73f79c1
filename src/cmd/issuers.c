/* SPDX-License-Identifier: PostgreSQL */
#include "cmd/issuers.h"

#include "base/clock.h"
#include "base/log.h"
#include "exit.h"

static void on_concluded(void *ctx, bool changed)
{
	(void)ctx, (void)changed;
}

void issuers_fetch(struct issuers *k, const struct config *config)
{
	int64_t end_ms = clock_mono_ms() + ISSUERS_MS;

	*k = (struct issuers){.open = config->providers.count > 0};
	if (!k->open)
		return;
	log_setup(LOG_ERROR, false); /* the command says itself what came of it */
	if (!loop_open(&k->loop))
		die(EXIT_FAILED, "cannot make the event loop");
	k->providers = (struct providers){.loop = &k->loop, .concluded = on_concluded};
	providers_open(&k->providers);
	providers_use(&k->providers, &config->providers, config->keyring, config->jwks_ca_file);
	while (providers_are_busy(&k->providers) && clock_mono_ms() < end_ms)
		loop_turn(&k->loop, 100);
}

void issuers_release(struct issuers *k)
{
	if (!k->open)
		return;
	providers_close(&k->providers);
	loop_close(&k->loop);
	k->open = false;
}
