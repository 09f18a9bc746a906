/* The notice that covers a page some time after it was drawn. */
(function () {
  "use strict";

  angular.module("ov.popup", []).controller("PopupController", ["$scope", "$element", "$timeout", function ($scope, $element, $timeout) {
    $timeout(function () { $element.css("display", "block"); }, Number($element.attr("data-ms")));
    $scope.closeDialog = function () { $element.css("display", "none"); };
  }]);
})();
