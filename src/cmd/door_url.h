/* SPDX-License-Identifier: PostgreSQL */
/* door_url.h: how a command of this machine reaches the daemon, by its option listen. */
#ifndef CMD_DOOR_URL_H
#define CMD_DOOR_URL_H

#include <curl/curl.h>

/*
 * Sets the URL of a path at the first of the addresses, which are joined by commas. No proxy gets
 * the request, because no proxy reaches this machine, and none shall see a token.
 */
void door_url_set(CURL *curl, const char *addresses, const char *path);

/* Sets the URL of a path at `base`, such as https://host. If base is NULL, as door_url_set. */
void door_url_set_at(CURL *curl, const char *base, const char *addresses, const char *path);

#endif
