# Writes $files C files, compiles them with 'make -j4', links and runs the program, and prints a checksum of every object file
# and of what the program says. The same compiler gives the same bytes wherever it runs.
set -e
export LC_ALL=C
rm -rf /tmp/compile
mkdir -p /tmp/compile
cd /tmp/compile
{ echo '#include <stdio.h>'; echo '#include <stdint.h>'; } > main.c
cat > long <<'C'
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
struct node@ { struct node@ *left, *right; uint64_t key; double weight; };
static uint64_t state@ = 0x9e3779b97f4a7c15u + @;
static uint64_t next@(void) { state@ ^= state@ << 13; state@ ^= state@ >> 7; state@ ^= state@ << 17; return state@; }
static struct node@ *insert@(struct node@ *at, struct node@ *fresh) {
    if (!at) return fresh;
    if (fresh->key < at->key) at->left = insert@(at->left, fresh); else at->right = insert@(at->right, fresh);
    return at;
}
static double walk@(const struct node@ *at, int depth) {
    return at ? walk@(at->left, depth + 1) + at->weight / (depth + 1) + walk@(at->right, depth + 1) : 0;
}
static int compare@(const void *one, const void *two) {
    uint64_t a = *(const uint64_t *)one, b = *(const uint64_t *)two;
    return a < b ? -1 : a > b;
}
uint64_t part@(void) {
    struct node@ nodes[64], *root = 0;
    uint64_t keys[64], sum = @;
    memset(nodes, 0, sizeof nodes);
    for (int i = 0; i < 64; i++) {
        keys[i] = nodes[i].key = next@();
        nodes[i].weight = (double)(nodes[i].key % 1000) / 7;
        root = insert@(root, &nodes[i]);
    }
    qsort(keys, 64, sizeof keys[0], compare@);
    for (int i = 0; i < 64; i++) sum = sum * 31 + (keys[i] ^ (uint64_t)i << (@ % 23));
    switch (@ % 5) {
    case 0: return sum ^ (uint64_t)walk@(root, 0);
    case 1: return sum + (uint64_t)walk@(root, 1);
    case 2: return sum - (uint64_t)walk@(root, 2);
    default: return sum * (1 + 2 * (uint64_t)walk@(root, 3));
    }
}
C
cat > short <<'C'
typedef unsigned long uint64_t;
uint64_t part@(void) {
    uint64_t state = 0x9e3779b97f4a7c15u + @, sum = @;
    for (int i = 0; i < 64; i++) {
        state ^= state << 13; state ^= state >> 7; state ^= state << 17;
        sum = sum * 31 + (state ^ (uint64_t)i << (@ % 23));
    }
    return @ % 3 ? sum : ~sum;
}
C
number=0
while [ $number -lt $files ]; do
    # Every tenth file gives the compiler something to think about; the others are many processes.
    [ $((number % 10)) = 0 ] && kind=long || kind=short
    sed "s/@/$number/g" $kind > part$number.c
    echo "uint64_t part$number(void);" >> main.c
    number=$((number + 1))
done
{
    echo 'int main(void) {'
    number=0
    while [ $number -lt $files ]; do
        echo "    printf(\"%016lx \", (unsigned long)part$number());"
        number=$((number + 1))
    done
    echo '    return 0; }'
} >> main.c
printf 'objects = $(patsubst %%.c,%%.o,$(wildcard *.c))\nprogram: $(objects)\n\tgcc -o $@ $(sort $^)\n%%.o: %%.c\n\tgcc -O2 -Wall -c -o $@ $<\n' > Makefile
make -s -j4
gcc -dumpfullversion
sha256sum *.o program
./program | sha256sum
