/* SPDX-License-Identifier: PostgreSQL */
#include "console/asset.h"

#include <string.h>

#include "base/base.h"
#include "base/embed.h"

EMBED(asset_page, "src/console/page/index.html")
EMBED(asset_code, "src/console/page/console.js")
EMBED(asset_style, "src/console/page/console.css")
EMBED(asset_icon, "src/console/page/icon.svg")

static const struct asset assets[] = {
	{"/", "text/html; charset=utf-8", asset_page},
	{"/console.js", "text/javascript; charset=utf-8", asset_code},
	{"/console.css", "text/css; charset=utf-8", asset_style},
	{"/icon.svg", "image/svg+xml", asset_icon},
};

const struct asset *asset_find(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(assets); i++)
		if (strcmp(assets[i].path, path) == 0)
			return &assets[i];
	return NULL;
}
