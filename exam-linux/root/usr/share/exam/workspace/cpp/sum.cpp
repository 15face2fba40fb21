#include <iostream>

int main() {
    long long count, sum = 0, value;
    std::cin >> count;
    while (count-- > 0 && std::cin >> value) sum += value;
    std::cout << sum << '\n';
}
