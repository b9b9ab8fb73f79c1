/* SPDX-License-Identifier: PostgreSQL */
/* doctor_keys.c: do the identity providers give their keys, as seen from here? */
#include "base/list.h"
#include "cmd/doctor.h"
#include "cmd/issuers.h"

static void look_at(struct doctor *d, const struct provider *p)
{
	if (p->got_ms != 0)
		doctor_say(d, REPORT_OK, "providers", NULL, "'%s' gives %zu key%s",
			   provider_name(p), p->ring.count, p->ring.count == 1 ? "" : "s");
	else
		doctor_say(d, REPORT_NO, "providers",
			   "a daemon that runs goes on with the keys that it has; one that starts "
			   "lets these tokens wait",
			   "%s", p->fault[0] != '\0' ? p->fault : "one did not answer in time");
}

void doctor_keys(struct doctor *d)
{
	struct issuers issuers;

	if (d->config->providers.count == 0) {
		doctor_say(d, REPORT_NOTE, "providers", NULL, "none is configured");
		return;
	}
	issuers_fetch(&issuers, d->config);
	list_each (node, tmp, &issuers.providers.items)
		look_at(d, container_of(node, struct provider, link));
	issuers_release(&issuers);
	if (d->config->audiences == NULL)
		doctor_say(d, REPORT_WARNING, "providers",
			   "give jwt-audience, as the provider writes it into tokens for this "
			   "application",
			   "jwt-audience is not given: tokens of these providers for any other "
			   "application count here too");
}
