/* SPDX-License-Identifier: PostgreSQL */
/*
 * issuers.h: the keys of identity providers for a command, which can wait. They are fetched once,
 * as the daemon does it, and follow the configuration's ring in its chain (keyring.h).
 */
#ifndef CMD_ISSUERS_H
#define CMD_ISSUERS_H

#include "base/loop.h"
#include "provider/providers.h"
#include "config.h"

#define ISSUERS_MS 12000 /* for all providers */

struct issuers {
	struct loop loop;
	struct providers providers;
	bool open;
};

/*
 * Fetches the keys. The caller calls issuers_release before the configuration goes. Providers that
 * did not answer within ISSUERS_MS have no keys, and a `fault` or none. If there are no providers,
 * nothing is done.
 */
void issuers_fetch(struct issuers *k, const struct config *config);
void issuers_release(struct issuers *k);

#endif
