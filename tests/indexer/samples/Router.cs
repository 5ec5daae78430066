using System;
using System.Collections.Generic;

namespace Example.Routing
{
    /// <summary>Match request paths to handlers.</summary>
    [Serializable]
    public sealed class Router<T> : Base, IMatcher
    {
        private const string Separator = "/";

        public List<Route> Routes { get; set; }

        public Router(List<Route> routes)
        {
            Routes = routes;
        }

        /// <summary>Whether any route is meant.</summary>
        public override async Task<bool> Matches(string path)
        {
            return Routes.Exists(route => route.Matches(path));
        }

        private static string Join(string left, string right) => left + Separator + right;
    }

    public interface IMatcher
    {
        Task<bool> Matches(string path);
    }

    public struct Point
    {
        public int X;
    }

    public enum Method { Get, Head }

    public record Pair(int Left, int Right);

    public delegate void Handler(string path);
}
