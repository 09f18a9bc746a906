/* The pager of md-data-table 0.10: same markup, same arithmetic, same quirks.
 *
 * The range text follows the page number at once and the rows follow when their request is answered; a failed
 * request leaves the old rows under the new range; Next stays enabled while a request is under way. */
(function () {
  "use strict";

  var TEMPLATE =
    '<div class="limit-select"><div class="label">{{$pagination.label.rowsPerPage}}</div>' +
    '<div class="label limite">{{$pagination.limit}}</div></div>' +
    '<div class="buttons">' +
    '<div class="label">{{$pagination.min()}} - {{$pagination.max()}}{{$pagination.ofTotal()}}</div>' +
    '<md-button class="md-icon-button" type="button" ng-click="$pagination.previous()" ng-disabled="!$pagination.hasPrevious()" aria-label="Previous">' +
    '<md-icon md-svg-icon="navigate-before.svg"></md-icon></md-button>' +
    '<md-button class="md-icon-button" type="button" ng-click="$pagination.next()" ng-disabled="!$pagination.hasNext()" aria-label="Next">' +
    '<md-icon md-svg-icon="navigate-next.svg"></md-icon></md-button>' +
    "</div>";

  function Pagination($scope, $timeout) {
    var self = this;

    function turn(step) {
      self.page += step;
      // The parent sees the new page number only after this digest.
      $timeout(function () { self.onPaginate(); });
    }

    self.hasNext = function () { return self.page * self.limit < Number(self.total); };
    self.hasPrevious = function () { return self.page > 1; };
    self.min = function () { return Number(self.total) ? (self.page - 1) * self.limit + 1 : 0; };
    self.max = function () { return self.hasNext() ? self.page * self.limit : Number(self.total); };
    self.ofTotal = function () {
      if (window.PORTAL.sinTotal) { return ""; }
      var total = Number(self.total);
      return " " + self.label.of + " " + (window.PORTAL.miles ? total.toLocaleString("es-CO") : total);
    };
    self.previous = function () { if (self.hasPrevious()) { turn(-1); } };
    self.next = function () {
      if (self.ignore > 0) {
        self.ignore -= 1;
      } else if (self.hasNext()) {
        turn(1);
      }
    };
    $scope.$watch("$pagination.total", function (total) {
      // A list that became shorter than the page it is on falls back to its last page.
      if (Number(total) && (self.page - 1) * self.limit >= Number(total)) {
        self.page = Math.ceil(Number(total) / self.limit);
        $timeout(function () { self.onPaginate(); });
      }
    });
  }

  angular.module("ov.datatable", ["ngMaterial"])
    .run(["$templateCache", function ($templateCache) {
      function arrow(path) { return '<svg xmlns="http://www.w3.org/2000/svg" width="24" height="24" viewBox="0 0 24 24"><path d="' + path + '"/></svg>'; }
      $templateCache.put("navigate-before.svg", arrow("M15.41 7.41L14 6l-6 6 6 6 1.41-1.41L10.83 12z"));
      $templateCache.put("navigate-next.svg", arrow("M10 6L8.59 7.41 13.17 12l-4.58 4.59L10 18l6-6z"));
    }])
    .directive("mdTablePagination", function () {
      return {
        bindToController: {
          label: "=mdLabel", limit: "=mdLimit", page: "=mdPage", total: "@mdTotal", ignore: "=mdIgnore", onPaginate: "&mdOnPaginate"
        },
        compile: function (element) { element.addClass("md-table-pagination"); },
        controller: ["$scope", "$timeout", Pagination],
        controllerAs: "$pagination",
        restrict: "E",
        scope: {},
        template: TEMPLATE
      };
    });
})();
