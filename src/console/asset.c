/* SPDX-License-Identifier: PostgreSQL */
#include "console/asset.h"

#include <string.h>

#include "base/base.h"

/* The assembler takes the bytes in as they are. The path is relative to where make runs. */
#define ASSET(name, file)                                                       \
	extern const char asset_##name[] __attribute__((visibility("hidden"))); \
	__asm__(".pushsection .rodata\n"                                        \
		".globl asset_" #name "\n"                                      \
		".hidden asset_" #name "\n"                                     \
		"asset_" #name ":\n"                                            \
		".incbin \"src/console/page/" file "\"\n"                       \
		".byte 0\n"                                                     \
		".popsection\n");
ASSET(page, "index.html")
ASSET(code, "console.js")
ASSET(style, "console.css")
ASSET(icon, "icon.svg")
#undef ASSET

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
