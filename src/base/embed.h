/* SPDX-License-Identifier: PostgreSQL */
/*
 * embed.h: the bytes of a file inside the program, as a text with a NUL after it.
 *
 * The assembler takes the bytes in as they are. So no tool that reads backslashes in its own way
 * can change them. The path is relative to the folder in which make runs. The Makefile must name
 * the file as one that the object depends on.
 */
#ifndef BASE_EMBED_H
#define BASE_EMBED_H

#define EMBED(symbol, path)                                               \
	extern const char symbol[] __attribute__((visibility("hidden"))); \
	__asm__(".pushsection .rodata\n"                                  \
		".globl " #symbol "\n"                                    \
		".hidden " #symbol "\n" #symbol ":\n"                     \
		".incbin \"" path "\"\n"                                  \
		".byte 0\n"                                               \
		".popsection\n");

#endif
