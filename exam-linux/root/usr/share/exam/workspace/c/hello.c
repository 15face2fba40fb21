#include <stdio.h>

int main(void) {
    printf("Xin chào! Hello from C.\n");
    return 0;
}
