#include <string>
#include <vector>

namespace routing {

/// One path and what answers it.
template <typename T>
class Route : public Base {
 public:
  explicit Route(std::string path) : path_(std::move(path)) {}
  ~Route();

  /// Whether the path is this route's.
  bool matches(const std::string& path) const { return path == path_; }

  const std::string& path() const;
  bool operator==(const Route& other) const { return true; }

 private:
  std::string path_;
};

struct Point { int x; int y; };

enum class Method { Get, Head };

std::string normalize(const std::string& path, bool lower = false) {
  return path;
}

template <typename T>
const std::string& Route<T>::path() const {
  return path_;
}

bool Table::contains(const std::string& path) const {
  return false;
}

auto* make() -> Route<int>* { return nullptr; }

}  // namespace routing

using Routes = std::vector<routing::Route<int>>;
