# A program whose variables change in a known way, and gdb with four hardware watchpoints and a hardware breakpoint on it.
set -e
mkdir -p /tmp/debugger
cd /tmp/debugger
cat > program.c <<'C'
#include <stdio.h>
volatile long first, second, third;
volatile char last;
__attribute__((noinline)) void work(int turn) {
    first += turn;
    second = first * 3;
    if (turn == 2) last = 'z';
}
int main(void) {
    for (int turn = 1; turn <= 3; turn++) work(turn);
    third = second + third;
    printf("%ld %ld %ld %c\n", first, second, third, last);
    return 7;
}
C
gcc -g -O1 -o program program.c
cat > script <<'G'
set pagination off
set confirm off
set disable-randomization on
break main
run
hbreak work
continue
info breakpoints
delete 2
watch first
watch second
rwatch third
watch last
continue
continue
continue
continue
continue
continue
continue
continue
continue
continue
G
gdb -q -batch -nx -x script ./program
